// SPDX-License-Identifier: MIT
// gh-server.js SOCKET LOG: as much of GitHub's API as gh needs here, on a Unix socket (gh's setting
// http_unix_socket), for tests. Every request is a line of LOG: METHOD HOST PATH AUTHORIZATION, "-" for
// who sends none. While there is a file SOCKET.hold, answers wait.
"use strict";
const fs = require("node:fs");
const http = require("node:http");

const [socket, log] = process.argv.slice(2);

const repository = {
	id: "R_1", name: "repo", owner: { login: "org" }, hasIssuesEnabled: true, hasWikiEnabled: false,
	description: "", isPrivate: false, viewerPermission: "WRITE", defaultBranchRef: { name: "main" },
	parent: null, mergeCommitAllowed: true, rebaseMergeAllowed: true, squashMergeAllowed: true,
};

// The pull request 7: the branch `second` of the same repository.
const pull = {
	id: "PR_7", number: 7, title: "Add a file", state: "OPEN", url: "https://github.com/org/repo/pull/7",
	headRefName: "second", baseRefName: "main", isCrossRepository: false, maintainerCanModify: false,
	headRepository: { id: "R_1", name: "repo" }, headRepositoryOwner: { id: "O_1", login: "org" },
	author: { login: "second" }, isDraft: false,
};

function graphql(query) {
	if (query.includes("__type"))
		return { __type: { fields: [] }, PullRequest: { fields: [] }, StatusCheckRollupContextConnection: { fields: [] } };
	if (/\bviewer\s*\{/.test(query))
		return { viewer: { login: "agent" } };
	if (/pullRequest\s*\(\s*number/.test(query))
		return { repository: { ...repository, pullRequest: pull } };
	if (query.includes("pullRequests"))
		return { repository: { ...repository, pullRequests: { nodes: [pull], totalCount: 1, pageInfo: { hasNextPage: false } } } };
	return { repository, repo_000: repository };
}

function answer(request, body) {
	if (request.url.endsWith("/graphql"))
		return { data: graphql(JSON.parse(body).query) };
	if (request.url === "/user" || request.url === "/api/v3/user")
		return { login: "agent" };
	return null;
}

http.createServer((request, response) => {
	let body = "";

	request.on("data", (chunk) => { body += chunk; });
	request.on("end", () => {
		const said = answer(request, body);

		fs.appendFileSync(log, `${request.method} ${request.headers.host} ${request.url} ` +
			`${request.headers.authorization ?? "-"}\n`);
		const reply = () => {
			if (fs.existsSync(`${socket}.hold`))
				return setTimeout(reply, 50);
			response.writeHead(said ? 200 : 404, { "Content-Type": "application/json" });
			response.end(JSON.stringify(said ?? { message: "Not Found" }));
		};
		reply();
	});
}).listen(socket, () => fs.chmodSync(socket, 0o666));
