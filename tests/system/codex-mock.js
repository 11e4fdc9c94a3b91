// SPDX-License-Identifier: MIT
// node codex-mock.js FOLDER: what codex talks to, on loopback: an issuer whose refresh tokens work once, and
// a model that says "done". The port goes to FOLDER/port, what happened to FOLDER/log, one line an event:
//
//	refresh r1 ok		reused r1		revoked r1		model a2 (the bearer that was seen)
//
// FOLDER/lifetime holds how many seconds the access tokens that it gives out are good for. Tokens are JWTs
// without a signature that is worth anything; their subject is their name here.
'use strict';
const fs = require('fs');
const http = require('http');

const folder = process.argv[2];
let issued = 100;
const live = new Map(); // refresh token -> false once it was used

const log = (text) => fs.appendFileSync(`${folder}/log`, `${text}\n`);
const part = (object) => Buffer.from(JSON.stringify(object)).toString('base64url');
const jwt = (claims) => `${part({alg: 'none'})}.${part(claims)}.c2ln`;
const lifetime = () => Number(fs.readFileSync(`${folder}/lifetime`, 'utf8'));

const access = (name) =>
	jwt({
		sub: name,
		exp: Math.floor(Date.now() / 1000) + lifetime(),
		'https://api.openai.com/auth': {chatgpt_account_id: 'acc', chatgpt_plan_type: 'pro'},
	});

const subject = (bearer) => {
	try {
		return JSON.parse(Buffer.from(bearer.split('.')[1], 'base64url')).sub;
	} catch {
		return bearer || 'none';
	}
};

function refresh(body, answer) {
	const token = JSON.parse(body).refresh_token;
	if (live.get(token) === false) {
		log(`reused ${token}`);
		return answer(401, {error: {code: 'refresh_token_reused', message: 'already used'}});
	}
	live.set(token, false);
	const name = `r${++issued}`;
	log(`refresh ${token} ok ${name}`);
	return answer(200, {
		id_token: jwt({sub: name, email: 'agent@example.org'}),
		access_token: access(`a${issued}`),
		refresh_token: name,
	});
}

function model(response) {
	const message = {type: 'message', role: 'assistant', id: 'm1', content: [{type: 'output_text', text: 'done'}]};
	const usage = {input_tokens: 1, output_tokens: 1, total_tokens: 2, input_tokens_details: null, output_tokens_details: null};
	response.writeHead(200, {'content-type': 'text/event-stream'});
	for (const event of [
		{type: 'response.created', response: {id: 'x1'}},
		{type: 'response.output_item.done', output_index: 0, item: message},
		{type: 'response.completed', response: {id: 'x1', usage}},
	])
		response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
	response.end();
}

const server = http.createServer((request, response) => {
	const answer = (status, object) => {
		response.writeHead(status, {'content-type': 'application/json'});
		response.end(JSON.stringify(object));
	};
	let body = '';
	request.on('data', (chunk) => (body += chunk));
	request.on('end', () => {
		const bearer = (request.headers.authorization || '').replace(/^Bearer /, '');
		if (request.url.startsWith('/oauth/token')) return refresh(body, answer);
		if (request.url.startsWith('/oauth/revoke')) {
			log(`revoked ${JSON.parse(body).token}`);
			return answer(200, {});
		}
		if (request.method === 'POST' && request.url.startsWith('/v1/responses')) {
			log(`model ${subject(bearer)}`);
			return model(response);
		}
		return answer(404, {});
	});
});

server.listen(0, '127.0.0.1', () => fs.writeFileSync(`${folder}/port`, `${server.address().port}`));
