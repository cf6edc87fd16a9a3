/// Why a request is refused: its status and a sentence for whoever sent it.
package struct WebRefusal: Error, Sendable, Hashable {
    package var status: Int
    package var reason: String
    /// Header lines that belong to the status, such as `Allow`.
    package var headers: [WebField] = []

    package init(_ status: Int, _ reason: String, headers: [WebField] = []) {
        self.status = status
        self.reason = reason
        self.headers = headers
    }
}
