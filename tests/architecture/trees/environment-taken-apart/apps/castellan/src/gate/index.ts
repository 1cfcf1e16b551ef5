const { env } = process

export { env }
