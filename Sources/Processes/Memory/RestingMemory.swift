import CLinux

/// What a process that has nothing to do can give back to the machine.
package enum RestingMemory {
    /// Returns free heap pages to the kernel, and lets go of the program's code: much of what is mapped served only to start or to do
    /// work that is over. Code that runs again is mapped again from the page cache, 16 pages at a time.
    ///
    /// Takes a millisecond or two. Changes nothing that the program can observe.
    package static func giveBack() {
        malloc_trim(0)
        celery_drop_code_pages()
    }
}
