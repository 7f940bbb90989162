/** The committed example queries, a tab each. Variables without a default are those that a reader must choose. */
import whichHosts from "../../src/graphql/examples/01-which-hosts.graphql";
import whatShare from "../../src/graphql/examples/02-what-share-since-when.graphql";
import whichContainers from "../../src/graphql/examples/03-which-containers.graphql";
import whichListeners from "../../src/graphql/examples/04-which-listeners.graphql";
import whichQueues from "../../src/graphql/examples/05-which-queues-fill.graphql";
import whatHost from "../../src/graphql/examples/06-what-about-this-host.graphql";
import why from "../../src/graphql/examples/07-why-and-what-to-do.graphql";
import whichVersion from "../../src/graphql/examples/08-did-a-version-do-it.graphql";
import whichCounter from "../../src/graphql/examples/09-what-does-it-count.graphql";
import whatUnseen from "../../src/graphql/examples/10-what-is-not-seen.graphql";

export const EXAMPLES = [
  { query: whichHosts },
  { query: whatShare },
  { query: whichContainers },
  { query: whichListeners },
  { query: whichQueues },
  { query: whatHost, variables: JSON.stringify({ name: "" }, null, 2) },
  { query: why },
  { query: whichVersion },
  { query: whichCounter },
  { query: whatUnseen },
];
