# Two images from one file:
#
#     docker build -t spillway .                          the service: serve, work, migrate, token ...
#     docker build -t spillway-agent --target agent .     the agent: one file
#
# The service's image has no embedded Postgres: it wants DATABASE_URL.

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json prisma.config.ts ./
COPY scripts scripts
COPY prisma prisma
COPY agent agent
COPY web web
COPY src src
RUN node scripts/build.mjs

# What the service needs to run and nothing else. .npmrc asks for the build tools; --include=prod undoes that.
FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --include=prod --omit=dev --omit=optional

FROM node:24-bookworm-slim AS agent
# `ss`, by which it sees the limits and drops of listeners.
RUN apt-get update && apt-get install -y --no-install-recommends iproute2 && rm -rf /var/lib/apt/lists/*
# The state folder is made here, so that a volume put there belongs to the agent's user.
RUN install -d -o node -g node -m 700 /var/lib/spillway-agent
COPY --from=build /app/dist/agent.mjs /opt/spillway/agent.mjs
ENV SPILLWAY_AGENT_STATE_DIR=/var/lib/spillway-agent
VOLUME /var/lib/spillway-agent
USER node
STOPSIGNAL SIGTERM
# One thread beside its own, and one arena of memory: it does one thing at a time, and 1 to 2 MB are saved.
ENV MALLOC_ARENA_MAX=1
ENTRYPOINT ["node", "--v8-pool-size=1", "/opt/spillway/agent.mjs"]

FROM node:24-bookworm-slim AS service
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json ./
COPY bin bin
COPY prisma prisma
COPY deploy deploy
ENV NODE_ENV=production SPILLWAY_LISTEN=0.0.0.0 SPILLWAY_PORT=4000
EXPOSE 4000
USER node
STOPSIGNAL SIGTERM
# Over plain HTTP, at SPILLWAY_PORT: with SPILLWAY_TLS_CERT replace it. `work` passes with SPILLWAY_WORK_PORT set to the
# same port, and has no check without.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.SPILLWAY_PORT}/readyz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Room for what lives no longer than a push or an answer: a fifth of the CPU of pushes, for some 40 MB.
ENTRYPOINT ["node", "--max-semi-space-size=64", "dist/main.js"]
CMD ["serve"]
