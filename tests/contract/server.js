// SPDX-License-Identifier: MIT
// The contract server: TLS listeners in front of the routes, a log of every request, and a control port.
"use strict";
const fs = require("node:fs");
const http = require("node:http");
const https = require("node:https");
const { Call, Refusal, match } = require("./contract");
const { Faults, KINDS } = require("./faults");
const { World, DEFAULTS } = require("./world");

const ROUTES = ["./auth", "./identities", "./secrets", "./messages", "./events"].flatMap((name) => require(name).routes);
const BODY_MAX = 16 << 20;

// Members that no client knows come with every object (2.0).
function withExtra(value) {
	if (Array.isArray(value))
		return value.map(withExtra);
	if (value === null || typeof value !== "object")
		return value;
	const more = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withExtra(member)]));
	return { ...more, x_added_later: { of: ["any", "shape"] } };
}

function readBody(request) {
	return new Promise((resolve, reject) => {
		const pieces = [];
		let size = 0;
		request.on("data", (piece) => {
			size += piece.length;
			if (size > BODY_MAX)
				request.destroy();
			pieces.push(piece);
		});
		request.on("end", () => resolve(Buffer.concat(pieces)));
		request.on("error", reject);
	});
}

class Server {
	constructor({ settings, log }) {
		this.settings = settings;
		this.file = log;
		this.reset();
		this.listeners = new Map(); // port -> listener
		this.certificates = new Map(); // port -> { key, cert }
		this.closed = []; // ports
	}

	reset() {
		this.world = new World(this.settings);
		this.faults = new Faults();
		this.log = [];
		this.started = Date.now();
	}

	// ---- one request ----

	routesFor(call) {
		const { generation } = call.settings;
		return ROUTES.filter((route) => route.not !== generation && (!route.only || route.only === generation))
			.map((route) => ({ route, names: match(route, call.segments) })).filter(({ names }) => names);
	}

	// Literal segments win over :names: /api/email-messages/compose/ is no id.
	choose(call) {
		const found = this.routesFor(call).sort((a, b) => Object.keys(a.names).length - Object.keys(b.names).length);
		if (!found.length) {
			call.violate(`there is no ${call.path} in contract ${call.settings.generation}`);
			throw new Refusal(404, "Not found.");
		}
		const fitting = found.find(({ route }) => route.method === call.method);
		if (!fitting) {
			call.violate(`${call.path} takes no ${call.method}`);
			throw new Refusal(405, `Method "${call.method}" not allowed.`);
		}
		return fitting;
	}

	async compute(call) {
		try {
			call.checkPath();
			const { route, names } = this.choose(call);
			if (!route.raw)
				call.checkHeaders();
			call.checkKind(route);
			call.checkScope(route);
			if (!route.raw)
				call.checkMembers(route);
			return await route.run(call, names);
		} catch (error) {
			if (!(error instanceof Refusal))
				throw error;
			return [error.status, error.body, error.headers];
		}
	}

	send(call, response, [status, body, headers = {}]) {
		const date = new Date(Date.now() + call.settings.clock_skew * 1000).toUTCString();
		if (typeof body === "function")
			return body(response);
		if (body === undefined) {
			response.writeHead(status, { Date: date, ...headers });
			return response.end();
		}
		response.writeHead(status, { "Content-Type": "application/json", Date: date, ...headers });
		return response.end(JSON.stringify(call.settings.extra_fields && status < 300 ? withExtra(body) : body));
	}

	record(call, status, fault) {
		const entry = {
			number: this.log.length + 1, at: Date.now() - this.started, method: call.method, path: call.path,
			query: Object.fromEntries(call.query), who: call.who?.kind ?? "nobody", status,
			members: Object.keys(call.body), ...fault ? { fault: fault.kind } : {},
			port: call.port, connection: call.connection, violations: call.violations,
		};
		this.log.push(entry);
		if (this.file)
			fs.appendFileSync(this.file, `${JSON.stringify(entry)}\n`);
	}

	async handle(request, response, origin) {
		const call = new Call(this.world, request, await readBody(request));
		call.origin = origin;
		call.port = request.socket.localPort;
		call.connection = request.socket.number;
		let computed;
		const answer = {
			compute: async () => (computed ??= await this.compute(call)),
			send: async () => this.send(call, response, await answer.compute()),
		};
		const fault = this.faults.strike(call);
		if (fault) {
			// Who is asked shall be in the log also when nobody answers.
			try { call.identify(); } catch { /* it says so itself */ }
			this.record(call, 0, fault);
			return KINDS[fault.kind](response, fault, answer);
		}
		await answer.compute();
		this.record(call, computed[0]);
		return answer.send();
	}

	// ---- listeners ----

	listen(certificate, port = 0) {
		return new Promise((resolve, reject) => {
			const server = https.createServer(certificate, (request, response) => {
				this.handle(request, response, `https://localhost:${server.address().port}`).catch((error) => {
					console.error(error);
					response.destroy();
				});
			});
			let number = 0;
			server.on("secureConnection", (socket) => { socket.number = ++number; });
			server.on("tlsClientError", () => {});
			server.on("error", reject);
			server.listen(port, "127.0.0.1", () => {
				const chosen = server.address().port;
				this.listeners.set(chosen, server);
				this.certificates.set(chosen, certificate);
				resolve(chosen);
			});
		});
	}

	// ---- control ----

	// POST /NAME with JSON; GET /NAME. Plain http on loopback: there is nothing here to protect.
	commands = {
		"/set": (settings) => this.world.set(settings) ?? this.world.settings,
		"/settings": () => this.world.settings,
		"/reset": (settings) => {
			this.settings = { ...this.settings, ...settings };
			this.reset();
			return {};
		},
		"/fault": (fault) => this.faults.add(fault) ?? {},
		"/faults/clear": () => this.faults.clear() ?? {},
		"/log": () => this.log,
		"/log/clear": () => { this.log = []; return {}; },
		"/violations": () => this.log.filter(({ violations }) => violations.length),
		"/management-key": () => ({ key: this.world.makeKey("management") }),
		"/identity": (wanted) => {
			const identity = this.world.makeIdentity(wanted);
			return { ...this.known(identity), key: this.world.makeKey("identity", identity, "made by the test") };
		},
		"/identities": () => this.world.identities.map((one) => this.known(one)),
		"/tokens": ({ identity }) => {
			const bound = identity ? this.named(identity) : null;
			return { access: this.world.makeToken("access", bound), refresh: this.world.makeToken("refresh", bound) };
		},
		"/revoke": ({ key }) => { this.world.keys.get(key).revoked = true; return {}; },
		"/keys": () => [...this.world.keys.values()].map(({ kind, identity, label, revoked }) => ({ kind, identity: identity?.uuid ?? null, label, revoked })),
		"/device": ({ outcome = "success" }) => {
			for (const device of this.world.devices.values())
				device.outcome = outcome;
			return {};
		},
		"/mail": ({ identity, ...mail }) => this.world.receiveMail(this.named(identity), mail),
		"/sms": ({ identity, ...text }) => this.world.receiveText(this.named(identity), text),
		"/secret": ({ identity, key, value, notes = "" }) => {
			const one = this.named(identity);
			one.secrets = one.secrets.filter((secret) => secret.key !== key);
			if (value === null)
				return {};
			one.secrets.push({
				uuid: require("node:crypto").randomUUID(), identity: one.id, key, value, notes,
				created_dt: this.world.now(), updated_dt: this.world.now(),
			});
			return {};
		},
		// As when the service is down: nobody answers at its port, until "accept".
		"/refuse": () => {
			for (const [port, listener] of this.listeners) {
				listener.close();
				listener.closeAllConnections();
				this.closed.push(port);
			}
			this.listeners.clear();
			return {};
		},
		"/accept": async () => {
			for (const port of this.closed.splice(0))
				await this.listen(this.certificates.get(port), port);
			return {};
		},
		"/stop": () => { setImmediate(() => process.exit(0)); return {}; },
	};

	known(identity) {
		const { uuid, name, inbox, phone, secrets, passwords } = identity;
		return { uuid, name, inbox, phone, secrets, passwords };
	}

	// By UUID or name; without either the only one there is.
	named(which) {
		const found = this.world.identities.filter((one) => !which || one.uuid === which || one.name === which);
		if (found.length !== 1)
			throw new Error(`which identity is "${which ?? ""}"?`);
		return found[0];
	}

	control(port = 0) {
		const server = http.createServer(async (request, response) => {
			const body = (await readBody(request)).toString();
			try {
				const command = this.commands[request.url];
				if (!command)
					throw new Error(`no ${request.url}; there are ${Object.keys(this.commands).join(", ")}`);
				const said = await command(body ? JSON.parse(body) : {});
				response.writeHead(200, { "Content-Type": "application/json" });
				response.end(`${JSON.stringify(said, null, 2)}\n`);
			} catch (error) {
				response.writeHead(400, { "Content-Type": "text/plain" });
				response.end(`${error.message}\n`);
			}
		});
		return new Promise((resolve) => {
			server.listen(port, "127.0.0.1", () => resolve(server.address().port));
		});
	}
}

module.exports = { Server, DEFAULTS };
