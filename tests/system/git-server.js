// SPDX-License-Identifier: MIT
// git-server.js FOLDER ADDRESS PORT: git over https with Basic authentication, as GitHub has it, for tests.
//
// FOLDER holds key.pem and cert.pem, repos/ (served by git http-backend), and `tokens`, a password a line;
// any user name goes with them. Every request is a line of FOLDER/log: METHOD PATH USER:PASSWORD, or "-"
// for who sends none.
"use strict";
const { spawn } = require("node:child_process");
const fs = require("node:fs");
const https = require("node:https");

const [folder, address, port] = process.argv.slice(2);

function credentials(request) {
	const [scheme, value] = (request.headers.authorization ?? "").split(" ");
	return scheme === "Basic" ? Buffer.from(value, "base64").toString() : "";
}

function isKnown(who) {
	const password = who.slice(who.indexOf(":") + 1);
	return who !== "" && fs.readFileSync(`${folder}/tokens`, "utf8").split("\n").includes(password);
}

// A CGI answer: header lines, an empty line, the body.
function relay(backend, response) {
	let head = Buffer.alloc(0);
	const onData = (chunk) => {
		head = Buffer.concat([head, chunk]);
		const end = head.indexOf("\r\n\r\n");
		if (end < 0)
			return;
		backend.stdout.off("data", onData);
		let status = 200;
		for (const line of head.subarray(0, end).toString().split("\r\n")) {
			const [name, value] = line.split(/: */, 2);
			if (name === "Status")
				status = parseInt(value, 10);
			else
				response.setHeader(name, value);
		}
		response.writeHead(status);
		response.write(head.subarray(end + 4));
		backend.stdout.pipe(response);
	};
	backend.stdout.on("data", onData);
}

function serve(request, response) {
	const url = new URL(request.url, "https://host");
	const who = credentials(request);

	fs.appendFileSync(`${folder}/log`, `${request.method} ${url.pathname} ${who || "-"}\n`);
	if (!isKnown(who)) {
		response.writeHead(401, { "WWW-Authenticate": 'Basic realm="GitHub"' });
		response.end();
		return;
	}
	const backend = spawn("git", ["http-backend"], {
		env: {
			PATH: process.env.PATH,
			GIT_PROJECT_ROOT: `${folder}/repos`,
			GIT_HTTP_EXPORT_ALL: "1",
			REMOTE_USER: "agent",
			REMOTE_ADDR: address,
			REQUEST_METHOD: request.method,
			PATH_INFO: url.pathname,
			QUERY_STRING: url.search.slice(1),
			CONTENT_TYPE: request.headers["content-type"] ?? "",
			CONTENT_LENGTH: request.headers["content-length"] ?? "",
			HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
			HTTP_GIT_PROTOCOL: request.headers["git-protocol"] ?? "",
		},
		stdio: ["pipe", "pipe", "inherit"],
	});
	request.pipe(backend.stdin);
	backend.stdin.on("error", () => {});
	relay(backend, response);
}

const files = { key: fs.readFileSync(`${folder}/key.pem`), cert: fs.readFileSync(`${folder}/cert.pem`) };
https.createServer(files, serve).listen(Number(port), address, () => fs.writeFileSync(`${folder}/up.${port}`, ""));
