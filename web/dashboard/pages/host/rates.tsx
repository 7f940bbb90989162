import { useMemo, useState } from "react";
import { Link } from "wouter";
import { useData } from "../../client/use-data.ts";
import { formatCount, formatNumber, formatRate, formatRates, unitWord } from "../../format/numbers.ts";
import { sentence, shortCounter } from "../../format/words.ts";
import { CounterNamesDocument, HostRatesDocument, type HostRatesQuery } from "../../generated/documents.ts";
import type { Mark } from "../../plots/model.ts";
import { TimePlot } from "../../plots/time-plot.tsx";
import { Card } from "../../ui/card.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Empty, Loaded, Skeleton } from "../../ui/states.tsx";
import { refreshMs } from "../../view/refresh.ts";
import { rangeInput, zoomed } from "../../view/state.ts";
import { useParam, useView } from "../../view/use-view.ts";
import { COUNTERS_MAX, parseCounters, printCounters } from "./counters.ts";
import { namespaceName, type OfHost } from "./types.ts";

type Rates = NonNullable<HostRatesQuery["host"]>["rates"][number];

/** The rates of the counters that somebody chose, with resets, gaps, events and findings drawn on them. */
export function HostRates({ host }: OfHost) {
  const { range, href } = useView();
  const [param, setParam] = useParam("counters");
  const [namespace, setNamespace] = useParam("ns");
  const counters = parseCounters(param);
  const data = useData(
    HostRatesDocument,
    { id: host.id, counters, namespace, range: rangeInput(range) },
    { everyMs: refreshMs(range), pause: counters.length === 0 },
  );
  const rates = counters.length === 0 ? [] : (data.data?.host?.rates ?? []);
  return (
    <Card
      title="Counters"
      note="Rate per second; shaded: no snapshots; dotted: the counters began again from 0; dashed: a finding"
      actions={
        <label className="field-inline">
          <span>Of</span>
          <select value={namespace ?? ""} onChange={({ target }) => setNamespace(target.value || null)}>
            <option value="">all namespaces</option>
            {host.namespaces.map((one) => (
              <option key={one.id} value={one.id}>
                {namespaceName(one)}
              </option>
            ))}
          </select>
        </label>
      }
    >
      <AddCounter add={(name) => setParam(printCounters([...counters, name].slice(0, COUNTERS_MAX)))} />
      {data.error !== null && (param !== null || namespace !== null) && (
        <p className="more">
          <Link className="button" href={href(`/hosts/${host.id}`)}>
            Show the usual counters
          </Link>
        </p>
      )}
      <Loaded data={data} skeleton={<Skeleton height={160} />}>
        {() =>
          rates.length === 0 ? (
            <Empty icon="counters" title="No counter is chosen" />
          ) : (
            <div className="rates">
              {rates.map((series) => (
                <RatePlot
                  key={series.counter}
                  host={host}
                  series={series}
                  remove={() =>
                    setParam(printCounters(counters.filter((name) => !isSame(name, series.counter))))
                  }
                />
              ))}
            </div>
          )
        }
      </Loaded>
    </Card>
  );
}

/** Names may be said without their group. */
function isSame(said: string, full: string): boolean {
  return said === full || said === shortCounter(full);
}

function AddCounter({ add }: { readonly add: (name: string) => void }) {
  const [text, setText] = useState("");
  const { data } = useData(CounterNamesDocument, {});
  // A gauge has no rate.
  const names = data?.counters.filter(({ kind }) => kind !== "GAUGE").map(({ name }) => name) ?? [];
  return (
    <form
      className="add-counter"
      onSubmit={(event) => {
        event.preventDefault();
        if (!names.includes(text)) return;
        add(text);
        setText("");
      }}
    >
      <label>
        <span className="visually-hidden">Add a counter</span>
        <input
          list="counters"
          placeholder="Add a counter"
          value={text}
          onChange={({ target }) => {
            if (names.includes(target.value)) {
              add(target.value);
              setText("");
            } else setText(target.value);
          }}
        />
      </label>
      <datalist id="counters">
        {names.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </form>
  );
}

function RatePlot({
  host,
  series,
  remove,
}: OfHost & { readonly series: Rates; readonly remove: () => void }) {
  const { zone, change } = useView();
  const marks = useMemo(() => marksOf(host, series), [host, series]);
  const lines = useMemo(() => [{ name: series.counter, values: series.values, color: 1 }], [series]);
  const gauge = series.total === null;
  return (
    <div className="rate">
      <div className="rate-head">
        <h3>
          <Link href={`/counters/${series.counter}`}>{shortCounter(series.counter)}</Link>
          <span className="row-note number">
            {" "}
            {series.total === null
              ? ""
              : `${formatCount(series.total)} ${unitWord(series.unit, series.total)} in the range`}
          </span>
        </h3>
        <button
          type="button"
          className="icon-button"
          aria-label={`Remove ${series.counter}`}
          onClick={remove}
        >
          <Icon name="close" size={14} />
        </button>
      </div>
      <TimePlot
        label={`${series.counter} per second on ${host.name}`}
        start={series.start}
        step={series.step}
        series={lines}
        {...(gauge ? { format: formatNumber } : { format: formatRate, formatTicks: formatRates })}
        zone={zone}
        marks={marks}
        height={140}
        syncKey="host"
        onZoom={(from, to) => {
          const next = zoomed(from, to);
          if (next !== null) change({ range: next });
        }}
      />
    </div>
  );
}

/** What is drawn on a counter's plot: its own resets, gaps and findings, and the host's events. */
function marksOf({ events, anomalies }: OfHost["host"], { counter, resets, gaps }: Rates): Mark[] {
  return [
    ...gaps.map(
      ({ from, to }): Mark => ({
        kind: "gap",
        at: Date.parse(from),
        to: Date.parse(to),
        text: "No snapshots",
      }),
    ),
    ...resets.map((at): Mark => ({ kind: "reset", at: Date.parse(at), text: "Began again from 0" })),
    ...events.map(
      ({ at, until, kind, title }): Mark => ({
        kind: "event",
        at: Date.parse(at),
        ...(until === null ? {} : { to: Date.parse(until) }),
        text: `${sentence(kind)}: ${title}`,
      }),
    ),
    ...anomalies.edges
      // A restart is about every counter.
      .filter(({ node }) => node.counter?.name === counter || node.detector === "restart")
      .map(
        ({ node: { startedAt, endedAt, explanation } }): Mark => ({
          kind: "anomaly",
          at: Date.parse(startedAt),
          ...(endedAt === null ? {} : { to: Date.parse(endedAt) }),
          text: explanation,
        }),
      ),
  ];
}
