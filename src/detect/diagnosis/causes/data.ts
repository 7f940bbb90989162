import type { Rule } from "../rule.ts";

/** Nothing that the host says is to be trusted. */
export const dataProblem: Rule = {
  cause: "DATA_PROBLEM",
  required: [
    {
      holds: ({ dataProblem }) => dataProblem !== null,
      says: ({ dataProblem }) => dataProblem?.text ?? "",
    },
  ],
  supporting: [],
  contradicting: [],
  excludes: true,
  severity: () => "MINOR",
  summary: ({ dataProblem }) =>
    `The numbers of this host cannot be trusted, so nothing else is judged. ${dataProblem?.text ?? ""}`,
  remedies: () => [
    "Mend the measuring first: run `spillway-agent doctor` on the host, look for a second agent with the same state folder (a cloned machine), and for a kernel or clock fault.",
  ],
};

/** Nothing is heard of the host, or what is heard does not change. */
export const hostSilent: Rule = {
  cause: "HOST_SILENT",
  required: [
    {
      holds: ({ silence }) => silence !== null,
      says: ({ silence }) => silence?.text ?? "",
    },
  ],
  supporting: [],
  contradicting: [
    {
      holds: ({ deploy }) => deploy !== null,
      says: ({ deploy }) => `A deploy was recorded: ${deploy?.title ?? ""}.`,
    },
  ],
  excludes: true,
  severity: () => "MAJOR",
  summary: ({ silence }) => silence?.text ?? "",
  remedies: () => [
    "See whether the host is up and reaches the service; `spillway-agent doctor` on it says which step fails. A host that is gone for good can be forgotten; one that is scaled in should stop its agent, which then says goodbye.",
  ],
};
