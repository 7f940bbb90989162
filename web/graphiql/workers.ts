/** Monaco's workers, from files beside this one: imported before anything that makes an editor. */
const FILES: Readonly<Record<string, string>> = { json: "json.worker.js", graphql: "graphql.worker.js" };

Object.assign(globalThis, {
  MonacoEnvironment: {
    getWorker: (_id: string, label: string) => new Worker(`/graphiql/${FILES[label] ?? "editor.worker.js"}`),
  },
});
