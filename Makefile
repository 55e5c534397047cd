# The commands are npm's; these are their short names.
.PHONY: build lint test check start deploy
build: ; npm run build
lint: ; npm run lint
test: ; npm test
check: ; npm run check
start: ; npm start
# Images and manifests are not part of this repository yet: deploying is running the built exchange on a machine.
deploy: build ; npm start
