# One image for every service: the command says which.
FROM node:24-bookworm-slim AS build
WORKDIR /exchange
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN node scripts/build.mjs && npm prune --omit=dev --omit=optional

FROM node:24-bookworm-slim
ENV NODE_ENV=production NODE_OPTIONS=--disable-warning=TimeoutNegativeWarning
WORKDIR /exchange
COPY --from=build /exchange/package.json ./
COPY --from=build /exchange/node_modules ./node_modules
COPY --from=build /exchange/dist ./dist
RUN mkdir /keys /sandbox && chown node:node /keys /sandbox
USER node
CMD ["node", "dist/apps/gateway/src/main.js"]
