FROM node:20-slim AS build
WORKDIR /writ
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:20-slim
ENV NODE_ENV=production
WORKDIR /writ
COPY --from=build /writ/package.json ./
COPY --from=build /writ/node_modules ./node_modules
COPY --from=build /writ/dist ./dist
COPY --from=build /writ/proto ./proto
COPY --from=build /writ/migrations ./migrations
COPY --from=build /writ/examples ./examples
USER node
EXPOSE 50051 8080
HEALTHCHECK --interval=5s --timeout=2s --start-period=30s CMD ["node", "-e", "fetch('http://127.0.0.1:8080/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--max-semi-space-size=32", "dist/main.js"]
CMD ["serve"]
