/** An Alertmanager that stands in for the real one: the rules of its API v2 for alerts that are posted. */
import { Ajv } from "ajv";
import { type FarEnd, type FarEndRequest, startFarEnd } from "./far-end.ts";

export interface PostedAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly generatorURL: string;
}

export interface StandIn extends FarEnd {
  /** Alerts by their labels, as they were posted last. */
  readonly alerts: ReadonlyMap<string, PostedAlert>;
  /** Refuses alerts for a reason of its own, as an older or a stricter one may. */
  refuse(isRefused: (alert: PostedAlert) => boolean): void;
}

const TIME = { type: "string", pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$" };
const LABELS = { type: "object", additionalProperties: { type: "string" } };
const validate = new Ajv({ allErrors: true }).compile({
  type: "array",
  minItems: 1,
  items: {
    type: "object",
    required: ["labels"],
    additionalProperties: false,
    properties: {
      labels: LABELS,
      annotations: LABELS,
      startsAt: TIME,
      endsAt: TIME,
      generatorURL: { type: "string", pattern: "^https?://" },
    },
  },
});

export async function startStandIn(): Promise<StandIn> {
  const alerts = new Map<string, PostedAlert>();
  let isRefused: (alert: PostedAlert) => boolean = () => false;
  const farEnd = await startFarEnd(({ path, body }: FarEndRequest) => {
    if (path !== "/api/v2/alerts") return { faults: [`the path is ${path}`], answer: { status: 404 } };
    if (!validate(body)) {
      const faults = (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
      return { faults, answer: { status: 422, body: faults.join(", ") } };
    }
    const posted = body as PostedAlert[];
    const faults = posted.flatMap(alertFaults);
    const isBad = (alert: PostedAlert) => alertFaults(alert).length > 0 || isRefused(alert);
    // The valid ones are kept, whatever is answered.
    for (const alert of posted) if (!isBad(alert)) alerts.set(identity(alert), alert);
    return {
      faults,
      answer: posted.some(isBad) ? { status: 400, body: '"some alerts are not valid"' } : { status: 200 },
    };
  });
  return {
    ...farEnd,
    alerts,
    refuse: (rule) => {
      isRefused = rule;
    },
  };
}

export function identity({ labels }: PostedAlert): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** As `Validate` of its type Alert, and what only shows at the next sending. */
function alertFaults({ labels, annotations, startsAt, endsAt }: PostedAlert): string[] {
  const names = [...Object.keys(labels), ...Object.keys(annotations)];
  return [
    ...(labels.alertname === undefined ? ["no alertname"] : []),
    ...names.filter((name) => !/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)).map((name) => `the name ${name}`),
    ...Object.entries(labels).flatMap(([name, value]) =>
      value === "" ? [`the label ${name} is empty`] : [],
    ),
    ...Object.values({ ...labels, ...annotations }).flatMap((value) =>
      /\p{Cs}/u.test(value) ? ["a value that UTF-8 does not have"] : [],
    ),
    ...(Date.parse(endsAt) < Date.parse(startsAt) ? ["it ends before it starts"] : []),
  ];
}
