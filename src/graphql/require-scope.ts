/** What a field that needs more than `read` begins with. */
export { requireScope } from "../store/tokens.ts";
