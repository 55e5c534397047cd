# The commands are npm's; these are their short names.
.PHONY: build lint test check start deploy
build: ; npm run build
lint: ; npm run lint
test: ; npm test
check: ; npm run check
start: ; npm start
# On one machine; where a cluster runs the images, its own tools deploy them.
deploy: ; docker compose up --build --detach --wait
