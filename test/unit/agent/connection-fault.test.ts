import { expect, test } from "vitest";
import { describeConnectionFault } from "../../../agent/connection-fault.ts";

const fault = (message: string, code?: string) => Object.assign(new Error(message), { code });

test.each([
  ["SELF_SIGNED_CERT_IN_CHAIN", "self-signed certificate in certificate chain"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "self-signed certificate"],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "unable to verify the first certificate"],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "unable to get local issuer certificate"],
])("%s: the CA is not known, and the remedy is named", (code, message) => {
  expect(describeConnectionFault(fault(message, code))).toBe(
    `${message}: start the agent with NODE_EXTRA_CA_CERTS=<file of your CA>`,
  );
});

test.each([
  ["certificate has expired", "CERT_HAS_EXPIRED", "certificate has expired"],
  ["connect ECONNREFUSED 127.0.0.1:1", "ECONNREFUSED", "connect ECONNREFUSED 127.0.0.1:1"],
  ["", "ETIMEDOUT", "ETIMEDOUT"],
  ["", undefined, "connection failed"],
])("%j of %s stands for itself", (message, code, expected) => {
  expect(describeConnectionFault(fault(message, code))).toBe(expected);
});
