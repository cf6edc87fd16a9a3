/// Where a message keeps its fields, which its copies share until one of them is changed.
///
/// A message is handed on from the broker to the pool, its outcome and its result, and seldom changed: without copies of all fields
/// at each step, a worker drains `celery.db` a tenth faster.
// Unchecked: `Message` changes it only while no other message has it.
final class MessageStorage: @unchecked Sendable {
    var fields: Fields

    init(_ fields: Fields) { self.fields = fields }

    /// What the properties of the same names in `Message` return.
    struct Fields: Sendable, Equatable {
        var id: TaskID
        var task: String
        var body: MessageBody
        var eta: Timestamp?
        var expires: Timestamp?
        var retries = 0
        var hardTimeLimit: Double?
        var softTimeLimit: Double?
        var ignoreResult: Bool?
        var priority: Int?
        var groupID: String?
        var groupIndex: Int?
        var rootID: TaskID?
        var parentID: TaskID?
        var shadow: String?
        var origin: String?
        var argsRepr: String?
        var kwargsRepr: String?
        var route = Route()
        var replyTo: String?
        var correlationID: String?
        var isPersistent = true
        var headers = JSONObject()

        init(id: TaskID, task: String, body: MessageBody) {
            self.id = id
            self.task = task
            self.body = body
        }
    }
}
