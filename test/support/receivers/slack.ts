/** A Slack that holds messages to the limits of its blocks, and that finds what was not escaped. */
import { type FarEnd, type FarEndRequest, startFarEnd } from "./far-end.ts";

const PATH = "/services/T000/B000/verysecretpath";
const LINK = /<(https:\/\/spillway\.example\/[^<>|\s]*)\|[^<>|]+>/g;

/** @returns it, with the address of its webhook */
export async function startSlack(): Promise<FarEnd & { readonly webhook: string }> {
  const farEnd = await startFarEnd((request) => {
    const faults = faultsOf(request);
    const isGood = faults.length === 0;
    return { faults, answer: isGood ? { status: 200, body: "ok" } : { status: 400, body: "invalid_blocks" } };
  });
  return { ...farEnd, webhook: `${farEnd.url}${PATH}` };
}

interface Block {
  readonly type?: unknown;
  readonly text?: unknown;
  readonly fields?: unknown;
}

function faultsOf({ path, body }: FarEndRequest): string[] {
  const { text, blocks, ...others } = body as { readonly text?: unknown; readonly blocks?: unknown };
  const known = new Set(["channel", "unfurl_links", "unfurl_media"]);
  return [
    ...(path === PATH ? [] : ["no_service"]),
    ...Object.keys(others).filter((name) => !known.has(name)),
    ...(typeof text === "string" && text !== "" ? textFaults("text", text, 40_000) : ["no_text"]),
    ...(Array.isArray(blocks) && blocks.length >= 1 && blocks.length <= 50
      ? blocks.flatMap((block: Block, index) => blockFaults(`blocks[${index}]`, block))
      : [`blocks: not 1 to 50: ${Array.isArray(blocks) ? blocks.length : typeof blocks}`]),
  ];
}

/** Sections are all that Spillway sends. */
function blockFaults(at: string, { type, text, fields, ...others }: Block): string[] {
  const parts = [
    ...(type === "section" ? [] : [`${at}: the type is ${type}`]),
    ...Object.keys(others).map((name) => `${at}: unknown ${name}`),
    ...(text === undefined && fields === undefined ? [`${at}: empty`] : []),
    ...(text === undefined ? [] : objectFaults(`${at}.text`, text, 3_000)),
  ];
  if (fields === undefined) return parts;
  if (!Array.isArray(fields) || fields.length < 1 || fields.length > 10)
    return [...parts, `${at}: not 1 to 10 fields`];
  return [
    ...parts,
    ...fields.flatMap((field, index) => objectFaults(`${at}.fields[${index}]`, field, 2_000)),
  ];
}

function objectFaults(at: string, object: unknown, length: number): string[] {
  const { type, text, verbatim } = object as { type?: unknown; text?: unknown; verbatim?: unknown };
  return [
    ...(type === "mrkdwn" ? [] : [`${at}: the type is ${type}`]),
    ...(verbatim === true ? [] : [`${at}: mentions and links would be made of what is in it`]),
    ...(typeof text === "string" && text !== "" ? textFaults(at, text, length) : [`${at}: no text`]),
  ];
}

/** Besides links to pages of Spillway nothing is between angle brackets, and each & begins one of three escapes. */
function textFaults(at: string, text: string, length: number): string[] {
  const rest = text.replaceAll(LINK, "");
  return [
    ...(text.length <= length ? [] : [`${at}: ${text.length} characters`]),
    ...(/[<>]/.test(rest) ? [`${at}: < or > not escaped`] : []),
    ...(/&(?!(amp|lt|gt);)/.test(text) ? [`${at}: & not escaped`] : []),
  ];
}
