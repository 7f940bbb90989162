/** A Slack that holds messages to the limits of its blocks, and that finds what was not escaped. */
import { z } from "zod";
import { type HeldFarEnd, holdTo, schemaFaults } from "./contract.ts";

const LINK = /<(https?:[^<>|\s]*)\|[^<>|]+>/g;
const PATH = "/services/T000/B000/verysecretpath";

/** @param publicUrl where links may lead */
function messageSchema(publicUrl: string) {
  const withoutLinks = (text: string) =>
    text.replace(LINK, (link, url: string) => (url.startsWith(publicUrl) ? "" : link));
  /** Besides links to pages of Spillway nothing is between angle brackets, and each & begins one of three escapes. */
  const escaped = z
    .string()
    .min(1)
    .refine((text) => !/[<>]/.test(withoutLinks(text)), "< or > is not escaped")
    .refine((text) => !/&(?!(amp|lt|gt);)/.test(text), "& is not escaped");
  /** Not verbatim, Slack makes mentions and links of what is in it. */
  const mrkdwn = (length: number) =>
    z.strictObject({ type: z.literal("mrkdwn"), text: escaped.max(length), verbatim: z.literal(true) });
  /** Sections are all that Spillway sends. */
  const section = z
    .strictObject({
      type: z.literal("section"),
      text: mrkdwn(3_000).optional(),
      fields: z.array(mrkdwn(2_000)).min(1).max(10).optional(),
    })
    .refine(({ text, fields }) => text !== undefined || fields !== undefined, "neither text nor fields");
  return z.strictObject({
    text: escaped.max(40_000),
    blocks: z.array(section).min(1).max(50),
    channel: z.string().optional(),
    unfurl_links: z.literal(false),
    unfurl_media: z.literal(false),
  });
}

/** @returns it, with the address of its webhook */
export async function startSlack(
  publicUrl = "https://spillway.example",
): Promise<HeldFarEnd & { readonly webhook: string }> {
  const message = messageSchema(publicUrl);
  const farEnd = await holdTo(({ path, json }) => {
    const faults = [...(path === PATH ? [] : ["no_service"]), ...schemaFaults(message, json)];
    const isGood = faults.length === 0;
    return { faults, answer: isGood ? { status: 200, body: "ok" } : { status: 400, body: "invalid_blocks" } };
  });
  return { ...farEnd, webhook: `${farEnd.url}${PATH}` };
}
