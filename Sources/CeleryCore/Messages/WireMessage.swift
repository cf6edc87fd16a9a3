/// A message as it travels over AMQP. The room `Wire` interprets its headers and its body.
package struct WireMessage: Sendable, Equatable {
    /// Empty for the default exchange, which routes to the queue named by `routingKey`.
    package var exchange: String
    package var routingKey: String
    package var properties: WireProperties
    package var headers: JSONObject
    package var body: [UInt8]

    package init(
        exchange: String = "", routingKey: String, properties: WireProperties = WireProperties(),
        headers: JSONObject = [:], body: [UInt8]
    ) {
        self.exchange = exchange
        self.routingKey = routingKey
        self.properties = properties
        self.headers = headers
        self.body = body
    }
}
