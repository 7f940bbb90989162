import type { SpoolFile, SpoolFiles } from "../../../../../agent/spool/files.ts";

type Change = { readonly append: Buffer } | { readonly truncateTo: number };

interface Inode {
  /** What a crash leaves at least. */
  synced: Buffer;
  /** What was done since, in order: a crash keeps any beginning of it. */
  changes: Change[];
  now: Buffer;
}

/** What a crash does, each number in [0, 1): how much of each file's unsynced changes, which names, zeros. */
export type Luck = () => number;

/**
 * A disk that keeps after a crash what POSIX promises and no more: contents up to the last fdatasync, names
 * up to the last fsync of the folder, and of the rest whatever luck decides, torn at any byte.
 */
export class FakeDisk implements SpoolFiles {
  /** Bytes that it can hold. */
  capacity = Number.POSITIVE_INFINITY;
  /** Syncs that begin while this is set end only with `release`. */
  holding = false;
  readOnly = false;
  /** Which stretches give EIO. */
  unreadable: (name: string, from: number, to: number) => boolean = () => false;
  private names = new Map<string, Inode>();
  private syncedNames = new Map<string, Inode>();
  private held: (() => void)[] = [];
  private isDead = false;

  list(): string[] {
    this.live();
    return [...this.names.keys()].reverse();
  }

  read(name: string): Buffer {
    return Buffer.from(this.inode(name).now);
  }

  readAt(name: string, offset: number, length: number): Buffer {
    if (this.unreadable(name, offset, offset + length)) throw failure("EIO");
    return Buffer.from(this.inode(name).now.subarray(offset, offset + length));
  }

  open(name: string): SpoolFile {
    this.writable();
    const known = this.names.get(name);
    if (known === undefined && this.room() <= 0) throw failure("ENOSPC");
    const inode = known ?? { synced: Buffer.alloc(0), changes: [], now: Buffer.alloc(0) };
    this.names.set(name, inode);
    return {
      append: (bytes) => {
        this.writable();
        const whole = Buffer.from(bytes);
        const part = whole.subarray(0, Math.max(0, Math.min(whole.length, this.room())));
        change(inode, { append: part });
        if (part.length < whole.length) throw failure("ENOSPC");
      },
      truncate: (size) => {
        this.writable();
        change(inode, { truncateTo: size });
      },
      sync: async () => {
        const { length } = inode.changes;
        await this.gate();
        for (const one of inode.changes.splice(0, length)) inode.synced = apply(inode.synced, one);
      },
      close: () => this.live(),
    };
  }

  remove(name: string): void {
    this.writable();
    this.names.delete(name);
  }

  async syncFolder(): Promise<void> {
    const names = new Map(this.names);
    await this.gate();
    this.syncedNames = names;
  }

  /** Lets the syncs end that wait for it, and all later ones. */
  release(): void {
    this.holding = false;
    this.step();
  }

  /** Lets those end that wait for it now. */
  step(): void {
    for (const go of this.held.splice(0)) go();
  }

  get used(): number {
    let bytes = 0;
    for (const { now } of this.names.values()) bytes += now.length;
    return bytes;
  }

  /** What the next process finds when this one was killed: all that it wrote. */
  afterKill(): FakeDisk {
    const next = new FakeDisk();
    next.names = this.names;
    next.syncedNames = this.syncedNames;
    next.capacity = this.capacity;
    this.isDead = true;
    return next;
  }

  /** What is there after the power failed. */
  afterCrash(luck: Luck): FakeDisk {
    const next = new FakeDisk();
    next.capacity = this.capacity;
    for (const name of new Set([...this.names.keys(), ...this.syncedNames.keys()])) {
      const inode = (luck() < 0.5 ? this.names : this.syncedNames).get(name);
      if (inode === undefined) continue;
      const now = survive(inode, luck);
      next.names.set(name, { synced: now, changes: [], now });
    }
    next.syncedNames = new Map(next.names);
    this.isDead = true;
    return next;
  }

  private room(): number {
    return this.capacity - this.used;
  }

  private inode(name: string): Inode {
    this.live();
    const inode = this.names.get(name);
    if (inode === undefined) throw failure("ENOENT");
    return inode;
  }

  private writable(): void {
    this.live();
    if (this.readOnly) throw failure("EROFS");
  }

  private live(): void {
    if (this.isDead) throw new Error("a dead process touched the disk");
  }

  private async gate(): Promise<void> {
    this.live();
    if (this.holding) await new Promise<void>((resolve) => this.held.push(resolve));
  }
}

function survive({ synced, changes }: Inode, luck: Luck): Buffer {
  const kept = Math.floor(luck() * (changes.length + 1));
  let bytes = synced;
  for (const one of changes.slice(0, kept)) bytes = apply(bytes, one);
  const torn = changes[kept];
  if (torn === undefined || !("append" in torn)) return bytes;
  const part = torn.append.subarray(0, Math.floor(luck() * (torn.append.length + 1)));
  // A file system may have made room for what it did not write any more.
  return Buffer.concat([bytes, luck() < 0.2 ? Buffer.alloc(torn.append.length) : part]);
}

function change(inode: Inode, one: Change): void {
  inode.changes.push(one);
  inode.now = apply(inode.now, one);
}

function apply(bytes: Buffer, one: Change): Buffer {
  return "append" in one ? Buffer.concat([bytes, one.append]) : bytes.subarray(0, one.truncateTo);
}

export function failure(code: string): Error {
  return Object.assign(new Error(`${code}: of the test's`), { code });
}
