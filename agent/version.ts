/** The agent's own version, sent in every push. The bundle carries no package.json; a test keeps the two equal. */
export const AGENT_VERSION = "0.1.0";
