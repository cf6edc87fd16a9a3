/// The use of a connection. Called only on the thread that owns the connection.
package protocol ConnectionUse: AnyObject, SendableMetatype {
    /// Prepares a new connection: channels, declarations and subscriptions, as one step.
    ///
    /// After an error the connection is dropped, and the step is repeated on the next one.
    func establish(_ connection: Connection) throws(RabbitMQError)

    /// Handles input from the server.
    func receive(_ incoming: Incoming, _ connection: Connection) throws(RabbitMQError)

    /// Called when all pending input has been received.
    func settleDown(_ connection: Connection) throws(RabbitMQError)

    /// Called from time to time, at least every quarter of a heartbeat.
    func tick(_ connection: Connection) throws(RabbitMQError)

    /// Called when the connection was lost, could not be made, or was closed.
    func lost(_ error: RabbitMQError)
}
