/** GraphiQL for a signed-in browser: the session's cookie is what lets it in, and no other host is asked for a byte. */
import "./workers.ts";
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import { createRoot } from "react-dom/client";
import { EXAMPLES } from "./examples.ts";

const socket = new URL("/graphql", location.href);
socket.protocol = socket.protocol === "https:" ? "wss:" : "ws:";
const fetcher = createGraphiQLFetcher({ url: "/graphql", subscriptionUrl: socket.href });

const root = document.getElementById("graphiql");
if (root === null) throw new Error("the page has no element #graphiql");
createRoot(root).render(<GraphiQL fetcher={fetcher} defaultTabs={EXAMPLES} shouldPersistHeaders={false} />);
