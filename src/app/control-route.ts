/** Under which an administrator's words to a route's policy stand in the log. No route can be called so. */
export const controlRoute = (route: string): string => `#control/${route}`;

/** Under which words to one learner stand there; `name` as people say it, see `learnerName`. */
export const learnerRoute = (name: string): string => `#learner/${name}`;

/** What people call a learner: `ENTRY/QUANTITY` or `ROUTE/policy`, without what tells one configuration of it from another. */
export const learnerName = (id: string): string => id.slice(0, Math.max(0, id.lastIndexOf('/')));
