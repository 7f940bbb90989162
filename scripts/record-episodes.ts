/**
 * Makes episodes on the kernel of this machine and writes test/fixtures/episodes: all of them, or those named.
 *
 *   npm run episodes:record -- [name ...]
 *
 * Each is in namespaces of its own: nothing of the machine is touched. As root, or as a user who may make user
 * namespaces and open /dev/net/tun. One that does not show its signature is not written.
 */
import { EPISODES, episodeNamed } from "../test/support/episodes/catalog.ts";
import { canMake, makeEpisode } from "../test/support/episodes/make-episode.ts";
import { recordingOf, writeRecording } from "../test/support/episodes/recording.ts";
import { misfits } from "../test/support/episodes/signature.ts";

const names = process.argv.slice(2);
const wanted = names.length === 0 ? EPISODES : names.map(episodeNamed);

for (const episode of wanted) {
  if (!canMake(episode)) {
    console.error(
      `${episode.name}: may not be made here: it takes root, or user namespaces and /dev/net/tun`,
    );
    process.exitCode = 1;
    continue;
  }
  const made = await makeEpisode(episode.name);
  const { pushes, clients } = made;
  const wrong = misfits(
    episode,
    pushes.flatMap(({ hosts }) => hosts),
    clients,
  );
  if (wrong.length === 0) writeRecording(recordingOf(episode, made));
  else process.exitCode = 1;
  const said = wrong.length === 0 ? `${pushes.length} pushes` : `not written: ${wrong.join("; ")}`;
  console.log(`${episode.name}: ${said}; ${clients.lost} of ${clients.attempted} clients lost or delayed`);
}
