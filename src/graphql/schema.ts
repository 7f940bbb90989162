/** The schema: every type file is imported here, in the order of a reader's questions. */
import { builder } from "./builder.ts";
import "./fleet.ts";
import "./handshakes.ts";
import "./fleet-top.ts";
import "./heatmap.ts";
import "./host.ts";
import "./host-listeners.ts";
import "./listeners.ts";
import "./hosts.ts";
import "./labels.ts";
import "./counter.ts";
import "./diagnosis.ts";
import "./anomalies.ts";
import "./incidents.ts";
import "./incident-changes.ts";
import "./silence.ts";
import "./silence-changes.ts";
import "./receivers.ts";
import "./viewer.ts";
import "./tokens.ts";
import "./audit.ts";
import "./system.ts";
import "./set-host-labels.ts";
import "./node.ts";

export const schema = builder.toSchema();
