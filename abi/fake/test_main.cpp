// Runs every CppUnit test registered in this program; names on the command line choose some ("SuiteName::test").
// Prints a line per test, and the failures with their places at the end.

#include <cppunit/BriefTestProgressListener.h>
#include <cppunit/CompilerOutputter.h>
#include <cppunit/TestResult.h>
#include <cppunit/TestResultCollector.h>
#include <cppunit/TestRunner.h>
#include <cppunit/extensions/TestFactoryRegistry.h>

#include <iostream>

int main(int argc, char** argv) {
    CppUnit::TestResult events;
    CppUnit::TestResultCollector results;
    CppUnit::BriefTestProgressListener progress;
    events.addListener(&results);
    events.addListener(&progress);

    CppUnit::TestRunner runner;
    runner.addTest(CppUnit::TestFactoryRegistry::getRegistry().makeTest());
    if (argc < 2) {
        runner.run(events);
    }
    for (int i = 1; i < argc; ++i) {
        runner.run(events, argv[i]);
    }
    CppUnit::CompilerOutputter(&results, std::cerr).write();
    if (results.runTests() == 0) {
        std::cerr << "no test ran\n";
        return 1;
    }
    return results.wasSuccessful() ? 0 : 1;
}
