/** Route names under which the gateway's own calls are logged and paid. No route can be called so. */
export const judgePurpose = '#judge';
export const shadowPurpose = (route: string): string => `#shadow/${route}`;
export const secondPurpose = (route: string): string => `#second/${route}`;
