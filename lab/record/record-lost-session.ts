import { say } from './fixture-writer.js';
import { LUN_1, PORTALS, WWID_1, type RecordingHost } from './recording-host.js';

const [FIRST = ''] = PORTALS;
const WATCH_TIMEOUT_MS = 150_000;

/** How a session that lost its portal, its connection and its device look over time. */
export async function recordLostSession(host: RecordingHost): Promise<void> {
  for (const withMap of [false, true]) {
    await host.clean();
    await host.newRecord(FIRST, { 'node.session.timeo.replacement_timeout': '20' });
    await host.login(FIRST);
    await host.scan(LUN_1.lun);
    if (withMap) await host.until(`[ "$(multipathd add map ${WWID_1})" = ok ]`);
    await host.guest.script('udevadm settle');
    await host.network.drop(FIRST);
    say(`${withMap ? 'in a map' : 'no map'}, portal dropped:`);
    say(await watch(host, 60));
    await host.network.restore();
    say('portal restored:');
    say(await watch(host, 20));
  }
  await host.clean();
}

/** Each change of the states, with the time since the start, and whether a read passes. */
async function watch(host: RecordingHost, seconds: number): Promise<string> {
  return host.guest.script(
    `
    last=
    start=$(date +%s%N)
    while [ $SECONDS -lt ${String(seconds)} ]; do
      seen="session $(cat /sys/class/iscsi_session/session*/state) recovery_tmo $(cat /sys/class/iscsi_session/session*/recovery_tmo) connection $(cat /sys/class/iscsi_connection/connection*/state) device $(cat /sys/block/sd*/device/state)"
      [ "$seen" = "$last" ] || echo "  $((($(date +%s%N) - start) / 1000000)) ms: $seen"
      last=$seen
      sleep 0.2
    done`,
    { timeoutMs: WATCH_TIMEOUT_MS },
  );
}
