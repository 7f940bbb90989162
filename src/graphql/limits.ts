/** Items of a page at most. */
export const PAGE_MAX = 500;

/** Tokens of one document at most: what a validator does with a long one is more than linear. */
export const TOKENS_MAX = 2_000;

/**
 * Things in a list that takes no `first`, until it is known how many they are: namespaces of a host, steps of a
 * timeline.
 */
export const LIST_ASSUMED = 10;
