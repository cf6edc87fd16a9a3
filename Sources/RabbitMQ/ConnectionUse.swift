/// What a connection is for. Called only on the thread that owns the connection.
package protocol ConnectionUse: AnyObject, SendableMetatype {
    /// Makes a new connection ready: channels, declarations, subscriptions, as one step.
    ///
    /// After an error the connection is dropped, and the step is made again on the next one.
    func establish(_ connection: Connection) throws(RabbitMQError)

    /// Takes what the server sent.
    func receive(_ incoming: Incoming, _ connection: Connection) throws(RabbitMQError)

    /// All that had come is received for now.
    func settleDown(_ connection: Connection) throws(RabbitMQError)

    /// Called from time to time, at least every quarter of a heartbeat.
    func tick(_ connection: Connection) throws(RabbitMQError)

    /// The connection is gone, or could not be made; or it was closed, and nothing will come any more.
    func lost(_ error: RabbitMQError)
}
