extension Delivery {
    /// Recovers enough of an unreadable message to report its failure to the waiting client.
    ///
    /// - Parameter reason: For the log: lower case, one line.
    package static func defective(_ wire: WireMessage, _ reason: String) -> (Message, Defect) {
        let id = wire.headers["id"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 }
        var message = Message(
            id: id.map { TaskID($0) } ?? TaskID(), task: wire.headers["task"]?.stringValue ?? "",
            body: MessageBody(bytes: wire.body, contentType: wire.properties.contentType ?? ""))
        message.replyTo = wire.properties.replyTo
        message.correlationID = wire.properties.correlationID
        message.headers = wire.headers
        return (message, Defect(reason, hasID: id != nil))
    }
}
