import { keepToken, newSecret } from "../../../src/store/tokens.ts";
import { FLEET_DEFAULTS } from "../../fleet/fleet.ts";
import { measure } from "../measure.ts";
import { fleetWords, greet, type Row, type Shape, setStage } from "../shape.ts";

/** A fifth of the hosts make four fifths of the pushes: each at a quarter of the mean interval, the others at four of them. */
const [HOT_HOSTS, HOT_SHARE] = [0.2, 0.8];

/** Two tenants, each with a token of its own, one of which is much busier: whether the other one notices. */
export const hot: Shape = async (shop, sizes) => {
  const stage = await setStage(shop);
  const { deployment, generator } = stage;
  const coldToken = newSecret();
  await keepToken(deployment.database.store.db, coldToken, { name: "cold", scopes: ["ingest"] });
  const tenants = [
    { name: "hot", share: HOT_HOSTS, of: HOT_SHARE, token: deployment.target.token },
    { name: "cold", share: 1 - HOT_HOSTS, of: 1 - HOT_SHARE, token: coldToken },
  ].map(({ name, share, of, token }) => ({
    name,
    hosts: Math.max(1, Math.round(sizes.hosts * share)),
    intervalMs: Math.round((sizes.intervalMs * share) / of),
    target: { ...deployment.target, token },
  }));
  for (const { name, hosts, intervalMs, target } of tenants) {
    const fleet = { ...FLEET_DEFAULTS, seed: name, hosts, everyMs: intervalMs };
    await generator.agents(name, { ...fleet, startMs: Date.now() - intervalMs }, target);
  }
  await greet(
    stage,
    tenants.map(({ name }) => name),
    sizes.hosts,
  );
  const measured = await measure(
    deployment,
    generator,
    tenants.map(({ name, hosts, intervalMs }) => ({
      of: name,
      label: name,
      kind: "paced",
      hosts,
      everyMs: intervalMs,
      forMs: sizes.seconds * 1_000,
    })),
  );
  return tenants.map(
    ({ name, ...tenant }): Row => ({
      shape: "hot",
      name: `the ${name} tenant, ${fleetWords(tenant)}`,
      label: name,
      measured,
      notes: [],
    }),
  );
};
