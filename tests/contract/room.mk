# SPDX-License-Identifier: MIT
# The stand-in for the Ravi service: see README.md.
EXTRA_DIST += \
	%D%/README.md \
	%D%/auth.js \
	%D%/certificates.js \
	%D%/contract.js \
	%D%/control \
	%D%/events.js \
	%D%/faults.js \
	%D%/identities.js \
	%D%/lists.js \
	%D%/messages.js \
	%D%/secrets.js \
	%D%/serve \
	%D%/server.js \
	%D%/world.js
