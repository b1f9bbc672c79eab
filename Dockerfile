# Stage 1 builds the binary, stage 2 is that binary with the few libraries it needs and nothing else.
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN SQLX_OFFLINE=true cargo build --release --locked && script/image-root target/release/keystead /image

FROM scratch
COPY --from=build /image /
USER 10001:10001
ENV KEYSTEAD_LISTEN=0.0.0.0:9229 KEYSTEAD_DATA_DIR=/data
EXPOSE 9229
HEALTHCHECK --interval=10s --timeout=4s --start-period=5s CMD ["/keystead", "health"]
ENTRYPOINT ["/keystead"]
CMD ["serve"]
