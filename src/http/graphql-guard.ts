import type { RequestHandler } from "express";
import { costlyFault } from "../graphql/document-guard.ts";

/**
 * Refuses documents that would cost their validation too much, before Apollo sees them: it has no place for that
 * between parsing and validating that answers with anything but a fault of the server.
 */
export const graphqlGuard: RequestHandler = (request, response, next) => {
  const source: unknown = request.method === "GET" ? request.query.query : request.body?.query;
  const fault = typeof source === "string" ? costlyFault(source) : null;
  if (fault === null) return next();
  response.status(400).json({ errors: [fault] });
};
