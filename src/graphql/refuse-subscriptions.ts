import type { ApolloServerPlugin } from "@apollo/server";
import { GraphQLError } from "graphql";
import type { Context } from "./context.ts";

/** A subscription that is posted has no way to be told of anything: it is refused, and not run once as a query. */
export const refuseSubscriptions: ApolloServerPlugin<Context> = {
  requestDidStart: async () => ({
    didResolveOperation: async ({ operation }) => {
      if (operation?.operation !== "subscription") return;
      throw new GraphQLError(
        "subscriptions go over a WebSocket at this address, by the protocol graphql-transport-ws",
        { extensions: { code: "BAD_REQUEST", http: { status: 400 } } },
      );
    },
  }),
};
