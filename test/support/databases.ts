/** Databases on the server of a test run, made and dropped through its maintenance database. */
import { randomBytes } from "node:crypto";
import { Client } from "pg";

/** Migrated once; every test has a clone of it. */
export const TEMPLATE = "spillway_template";

/** How the names of the tests' own databases begin. */
export const TEST_PREFIX = "test_";

export function databaseUrlOf(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.href;
}

/** @returns the name of the new database. */
export async function createDatabase(serverUrl: string, template: string = TEMPLATE): Promise<string> {
  const name = `${TEST_PREFIX}${randomBytes(6).toString("hex")}`;
  await asAdmin(serverUrl, (admin) => admin.query(`CREATE DATABASE ${name} TEMPLATE ${template}`));
  return name;
}

export async function dropDatabase(serverUrl: string, database: string): Promise<void> {
  await asAdmin(serverUrl, (admin) => admin.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`));
}

export async function asAdmin<T>(serverUrl: string, work: (admin: Client) => Promise<T>): Promise<T> {
  const admin = new Client({ connectionString: databaseUrlOf(serverUrl, "postgres") });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}
