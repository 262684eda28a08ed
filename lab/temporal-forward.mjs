/** `node temporal-forward.mjs PORT`: one connection of the guest, from our input and output to a local port. */
import { connect } from 'node:net';
import process from 'node:process';

const [port = ''] = process.argv.slice(2);
const socket = connect({ host: '127.0.0.1', port: Number(port) });
process.stdin.pipe(socket).pipe(process.stdout);
const end = () => process.exit();
socket.on('error', end);
socket.on('close', end);
process.stdout.on('error', end);
