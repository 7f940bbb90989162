/**
 * Imported before all else by main.ts. Libraries look at NODE_ENV when they are loaded: without it graphql checks,
 * for each value of an answer, whether two copies of itself were mixed up, which is half of what a long list costs.
 */
process.env.NODE_ENV ??= "production";
