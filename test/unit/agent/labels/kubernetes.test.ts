import { expect, test } from "vitest";
import { labelsOfEnvironment } from "../../../../agent/labels/kubernetes.ts";

test("the downward API names node, pod and namespace", () => {
  const env = { NODE_NAME: "node-1", POD_NAME: "agent-x7", POD_NAMESPACE: "ops", HOME: "/" };
  const labels = { node: "node-1", pod: "agent-x7", pod_namespace: "ops" };
  expect(labelsOfEnvironment(env)).toEqual({ labels, warnings: [] });
});

test("variables of labels: capitals become small letters, mixed case stays, and they outweigh the others", () => {
  const env = {
    NODE_NAME: "node-1",
    SPILLWAY_AGENT_LABEL_NODE: "n1",
    SPILLWAY_AGENT_LABEL_RACK: "a1",
    SPILLWAY_AGENT_LABEL_rackId: "7",
    SPILLWAY_AGENT_LABEL_EMPTY: "",
    SPILLWAY_AGENT_LABELS_DIR: "/x",
  };
  expect(labelsOfEnvironment(env)).toEqual({ labels: { node: "n1", rack: "a1", rackId: "7" }, warnings: [] });
});

test("a name that is none is a warning that names the variable", () => {
  const { labels, warnings } = labelsOfEnvironment({
    SPILLWAY_AGENT_LABEL_: "x",
    "SPILLWAY_AGENT_LABEL_A-B": "x",
    POD_NAME: "x".repeat(501),
  });
  expect(labels).toEqual({});
  expect(warnings.map((text) => text.slice(0, 50))).toEqual([
    "left out the label of POD_NAME: the value has 501 ",
    "left out the label of SPILLWAY_AGENT_LABEL_: a nam",
    "left out the label of SPILLWAY_AGENT_LABEL_A-B: a ",
  ]);
});
