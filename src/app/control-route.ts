/** Under which an administrator's words to a route's policy stand in the log. No route can be called so. */
export const controlRoute = (route: string): string => `#control/${route}`;
