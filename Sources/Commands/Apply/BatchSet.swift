import CeleryCore
import Client

/// The task-set of a batch.
struct BatchSet {
    let client: Client
    private let numbering = SetNumbering()

    init(client: Client) { self.client = client }

    var id: String { numbering.id }

    /// Keeps the set before its first task is sent.
    ///
    /// - Throws: `DriverError`, `unsupported` where the result store keeps no sets, and `refused` where it keeps none of this size.
    func begin(_ total: Int) async throws { try await client.taskSets.keep(TaskSetRecord(id: id, total: total, created: .now)) }

    /// Makes a message a member.
    ///
    /// - Parameter number: From 1.
    func number(_ message: inout Message, _ number: Int) {
        if message.rootID == message.id { message.rootID = numbering.member(number) }
        message.id = numbering.member(number)
        (message.groupID, message.groupIndex) = (numbering.id, number - 1)
    }
}
