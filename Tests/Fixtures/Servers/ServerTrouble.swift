/// What keeps a server from serving a test.
package struct ServerTrouble: Error, CustomStringConvertible {
    package var description: String

    package init(_ description: String) { self.description = description }
}
