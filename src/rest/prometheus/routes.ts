import express, {
  type ErrorRequestHandler,
  type Request,
  type RequestHandler,
  type Response,
  Router,
} from "express";
import { asSpillwayError, SpillwayError } from "../../errors.ts";
import { type Context, createContext, type Sources } from "../../graphql/context.ts";
import { asQueryFault } from "../../graphql/query-fault.ts";
import type { Actor, Scope } from "../../store/tokens.ts";
import type { Logger } from "../../telemetry/log.ts";
import { failure, instantAnswer, rangeAnswer, success } from "./answers.ts";
import { labelValues, listMetrics, matchingSeries } from "./directory.ts";
import { evaluate } from "./evaluate.ts";
import { durationParam, limitParam, type Params, paramsOf, requiredParam, timeParam } from "./params.ts";
import { parseQuery, parseSelector } from "./parse.ts";
import { readSeries } from "./read-series.ts";
import type { SeriesSelector } from "./syntax.ts";
import { type Times, timesOf } from "./times.ts";
import type { Result } from "./vector.ts";

const FORM_BYTES = 100_000;
/** Series, labels, values or metrics of one answer at most. */
const LISTED_MAX = 10_000;
/** Selectors of one question, each of which is tried on every series. */
const SELECTORS_MAX = 20;
/**
 * The version of Prometheus whose API this is, for readers that look at it to know what they may ask: `match[]` for
 * labels is of 2.24.
 */
const API_VERSION = "2.24.0";

export interface PrometheusDeps {
  readonly sources: Sources;
  readonly log: Logger;
  /** Who sent the request that is answered. @throws UNAUTHENTICATED, FORBIDDEN without the scope */
  readonly authenticate: (response: Response, scope: Scope) => Actor;
}

type Answer = (params: Params, context: Context, request: Request) => Promise<object> | object;

/**
 * As much of the Prometheus HTTP API as Grafana's data source and people with PromQL need, read-only.
 *
 * @see https://prometheus.io/docs/prometheus/latest/querying/api/
 */
export function prometheusRoutes({ sources, log, authenticate }: PrometheusDeps): Router {
  const router = Router();
  const form = express.urlencoded({ extended: false, limit: FORM_BYTES, parameterLimit: 100 });
  const answering = (answer: Answer): RequestHandler[] => [
    (_request, response, next) => {
      response.set("Cache-Control", "no-store");
      authenticate(response, "read");
      next();
    },
    form,
    async (request, response) => {
      const context = createContext(sources, authenticate(response, "read"));
      response.json(await answer(paramsOf(request), context, request));
    },
  ];
  const both = (path: string, answer: Answer) =>
    router.route(path).get(answering(answer)).post(answering(answer));
  both("/query", instantQuery);
  both("/query_range", rangeQuery);
  both("/series", series);
  both("/labels", labels);
  router.get("/label/:name/values", answering(valuesOfLabel));
  router.get("/metadata", answering(metadata));
  router.get(
    "/status/buildinfo",
    answering((_params, { system }) => success(buildInfo(system.version))),
  );
  router.use((request) => {
    throw new SpillwayError("NOT_FOUND", `there is nothing at /api/v1${request.path.slice(0, 200)}`);
  });
  router.use(failureHandler(log));
  return router;
}

async function instantQuery(params: Params, context: Context): Promise<object> {
  const at = timeParam(params, "time", context.now());
  const times = timesOf(at, at, 1);
  return success(instantAnswer(await resultOf(params, times, context), times));
}

async function rangeQuery(params: Params, context: Context): Promise<object> {
  const times = timesOf(timeParam(params, "start"), timeParam(params, "end"), durationParam(params, "step"));
  return success(rangeAnswer(await resultOf(params, times, context), times));
}

function resultOf(params: Params, times: Times, context: Context): Promise<Result> {
  const expr = parseQuery(requiredParam(params, "query"));
  return evaluate(expr, times.length, (need) => readSeries(context, need, times));
}

function selectorsOf(params: Params): SeriesSelector[] {
  const given = params.get("match[]") ?? [];
  if (given.length <= SELECTORS_MAX) return given.map(parseSelector);
  throw new SpillwayError(
    "BAD_REQUEST",
    `match[]: ${given.length} selectors; at most ${SELECTORS_MAX} are taken at once: ask in several requests`,
  );
}

async function series(params: Params, context: Context): Promise<object> {
  requiredParam(params, "match[]");
  const most = limitParam(params, LISTED_MAX);
  return listed(await matchingSeries(context, selectorsOf(params), most + 1), most);
}

async function labels(params: Params, context: Context): Promise<object> {
  const values = await labelValues(context, selectorsOf(params));
  return listed([...values.keys()].sort(), limitParam(params, LISTED_MAX));
}

async function valuesOfLabel(params: Params, context: Context, { params: path }: Request): Promise<object> {
  const values = await labelValues(context, selectorsOf(params));
  return listed(values.get(String(path.name)) ?? [], limitParam(params, LISTED_MAX));
}

async function metadata(params: Params, context: Context): Promise<object> {
  const wanted = params.get("metric")?.[0];
  const metrics = (await listMetrics(context)).filter(({ name }) => wanted === undefined || name === wanted);
  const described = metrics.slice(0, limitParam(params, LISTED_MAX)).map(({ name, entry }) => {
    const type = entry.kind === "GAUGE" ? "gauge" : entry.kind === "COUNTER" ? "counter" : "unknown";
    return [name, [{ type, help: entry.meaning ?? "", unit: "" }]];
  });
  return success(Object.fromEntries(described));
}

/** As many as may be given, and a warning where there are more. */
function listed(all: readonly unknown[], most: number): object {
  if (all.length <= most) return success(all);
  return success(all.slice(0, most), [`there are more than ${most}: the answer is cut`]);
}

function buildInfo(version: string): object {
  return {
    version: API_VERSION,
    revision: `Spillway ${version}`,
    branch: "",
    buildUser: "",
    buildDate: "",
    goVersion: "",
  };
}

function failureHandler(log: Logger): ErrorRequestHandler {
  return (thrown: unknown, _request, response, next) => {
    if (response.headersSent) return next(thrown);
    const error = asSpillwayError(asQueryFault(asBadForm(thrown)));
    const { status, body } = failure(error);
    if (status >= 500) log.error({ err: error.cause ?? error }, `a query failed: ${error.message}`);
    if (error.code === "UNAUTHENTICATED") response.set("WWW-Authenticate", "Bearer");
    const { retryAfterSeconds } = error.details;
    if (retryAfterSeconds !== undefined) response.set("Retry-After", String(retryAfterSeconds));
    response.status(status).json(body);
  };
}

/** What Express' parser finds wrong with a form carries a status, and no code of ours. */
function asBadForm(thrown: unknown): unknown {
  if (!(thrown instanceof Error) || !("status" in thrown) || thrown instanceof SpillwayError) return thrown;
  const code = thrown.status === 413 ? "PAYLOAD_TOO_LARGE" : "BAD_REQUEST";
  return new SpillwayError(code, `the form cannot be read: ${thrown.message}`);
}
