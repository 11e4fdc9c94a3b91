#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// A stand-in for CodexMonitor's daemon, which cannot be installed from a package: its documented options,
// token rules, wire handshake, and what its children inherit; nothing else of it. Not the real thing.
//
//   --listen ADDR --data-dir PATH --token T --insecure-no-auth; an unknown option is an error
//   token: CODEX_MONITOR_DAEMON_TOKEN, trimmed, ignored when blank; --token replaces it; none: exit 2
//   one JSON object a line; ids must be non-negative integers; `auth` first; a wrong token keeps the line
//   connect_workspace starts `codexBin --version`, then `codexBin app-server`, with everything inherited
//   get_github_issues runs `gh` from PATH in the workspace's folder
'use strict';
const fs = require('fs');
const net = require('net');
const path = require('path');
const { spawn, spawnSync } = require('child_process');

let token = (process.env.CODEX_MONITOR_DAEMON_TOKEN || '').trim();
let listen = '127.0.0.1:4732';
let dataDir = '';
let open = false;
const args = process.argv.slice(2);
while (args.length) {
	const option = args.shift();
	if (option === '--listen') listen = args.shift();
	else if (option === '--data-dir') dataDir = args.shift();
	else if (option === '--token') {
		token = (args.shift() || '').trim();
		open = false;
	} else if (option === '--insecure-no-auth') {
		token = '';
		open = true;
	} else {
		console.error(`Unknown argument: ${option}`);
		process.exit(2);
	}
}
if (!token && !open) {
	console.error('Missing --token (or set CODEX_MONITOR_DAEMON_TOKEN)');
	process.exit(2);
}

function readJson(name, fallback) {
	try {
		return JSON.parse(fs.readFileSync(path.join(dataDir, name), 'utf8'));
	} catch {
		return fallback; // as the daemon does
	}
}

const settings = readJson('settings.json', {});
let codex = null;

const methods = {
	ping: () => ({ ok: true }),
	daemon_info: () => ({ name: 'codex-monitor-daemon', version: '0.0.0-standin', pid: process.pid, mode: 'tcp',
		binaryPath: process.argv[1] }),
	list_workspaces: () => readJson('workspaces.json', []),
	get_app_settings: () => settings,
	connect_workspace: (params) => {
		const workspace = readJson('workspaces.json', []).find((w) => w.id === params.id);
		const version = spawnSync(settings.codexBin || 'codex', ['--version'], { timeout: 5000 });
		if (version.status !== 0) throw new Error(`codex --version: ${version.stderr}`);
		if (!codex) codex = spawn(settings.codexBin || 'codex', ['app-server'], { cwd: workspace.path });
		return { version: String(version.stdout).trim(), pid: codex.pid };
	},
	get_github_issues: (params) => {
		const workspace = readJson('workspaces.json', []).find((w) => w.id === params.workspaceId);
		const gh = spawnSync('gh', ['api', '/user'], { cwd: workspace.path });
		if (gh.status !== 0) throw new Error(String(gh.stderr));
		return String(gh.stdout);
	},
	daemon_shutdown: () => {
		setTimeout(() => process.exit(0), 100);
		return { ok: true };
	},
};

function answer(connection, line) {
	let request;
	try {
		request = JSON.parse(line);
	} catch {
		return;
	}
	let reply;
	if (!connection.authenticated) {
		const given = request.params && (request.params.token || request.params);
		if (request.method !== 'auth') reply = { error: { message: 'unauthorized' } };
		else if (open || given === token) {
			connection.authenticated = true;
			reply = { result: { ok: true } };
		} else reply = { error: { message: 'invalid token' } };
	} else if (!methods[request.method]) {
		reply = { error: { message: `unknown method: ${request.method}` } };
	} else {
		try {
			reply = { result: methods[request.method](request.params || {}) };
		} catch (error) {
			reply = { error: { message: error.message } };
		}
	}
	if (Number.isInteger(request.id) && request.id >= 0)
		connection.write(JSON.stringify({ id: request.id, ...reply }) + '\n');
}

const at = listen.lastIndexOf(':');
net.createServer((connection) => {
	let text = '';
	connection.on('error', () => {});
	connection.on('data', (data) => {
		text += data;
		for (let end; (end = text.indexOf('\n')) >= 0; text = text.slice(end + 1))
			answer(connection, text.slice(0, end));
	});
}).listen(Number(listen.slice(at + 1)), listen.slice(0, at));
